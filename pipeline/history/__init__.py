"""Earlier runs in git and DVC: read, compared, reproduced, and checked against the workspace."""
