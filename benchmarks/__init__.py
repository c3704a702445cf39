"""What measures the platform: figures beside the design's targets, never an assertion on a time."""
