"""What the gates look at, computed by pure functions of images and labels."""
