"""What the engine needs of the world, each a protocol of a few methods."""
