"""What annotation tools write, each in a module of its own."""
