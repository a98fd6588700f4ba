"""flashd refreshes FlashCopy clones on IBM DS8000 arrays."""

__version__ = "0.1.0"
