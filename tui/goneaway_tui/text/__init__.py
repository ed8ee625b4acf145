"""Text as it is shown: made safe, measured in cells, and durations as people write them."""
