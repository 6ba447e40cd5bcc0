"""MNIST and its family: raw IDX files to versioned metrics, one DVC stage at a time.

The layers, each importing only those below it (tests/test_layers.py holds the rule):

    stages      one thin module a DVC stage: paths and params in, one core call, outputs written
    core        sources, idx, contract, table, quality, features, svm, methods, model, metrics, plots
    ground      errors, files, params, datasets
"""
