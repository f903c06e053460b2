"""What makes a bare Pi a node: the hall file, its schema, and what is rendered from it."""
