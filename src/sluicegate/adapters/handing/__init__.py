"""Results on their way between jobs: folders of raw reports, archives of images."""
