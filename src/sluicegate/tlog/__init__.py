"""The C2SP transparency log, pure: hashes, proofs, tiles, notes, checkpoints."""
