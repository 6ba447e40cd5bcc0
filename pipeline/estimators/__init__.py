"""The parts of the methods: transformers and classifiers as scikit-learn has them."""
