"""What the pytest plugin collects and offers."""
