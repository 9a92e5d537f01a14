"""What a saved file says of itself."""
