"""Many scenarios: found, chosen, remembered, carried out."""
