"""Training: batches of outfits, the step, the teacher, the loop and its checkpoints."""
