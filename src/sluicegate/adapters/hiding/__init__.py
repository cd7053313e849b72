"""Finding secrets in what programs say and write, in whatever form they are there."""
