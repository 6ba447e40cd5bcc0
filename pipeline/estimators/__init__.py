"""The scikit-learn transformers and classifiers of which the methods are made."""
