"""Random scenarios, and what Keras stepped cell by cell says of them."""
