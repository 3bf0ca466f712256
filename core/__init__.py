"""What every room stands on: faults, files written whole, cache, hashes, progress, names, registries."""
