"""What the judge saw, as a picture: evidence over time. Pure, standard library only."""
