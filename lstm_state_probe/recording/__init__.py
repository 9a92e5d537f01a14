"""What really happened: every call of every recurrent layer, recorded inside the operation."""
