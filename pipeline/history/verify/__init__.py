"""Whether dvc.lock is what the code and the data give."""
