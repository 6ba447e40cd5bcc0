"""What is computed from images, as pure functions: the gates and the methods share them."""
