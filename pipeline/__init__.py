"""MNIST and its family: raw IDX files to versioned metrics, one DVC stage at a time.

The layers. Each imports those below it and, where a noun contains another, a neighbour
(tests/test_layers.py holds the rule):

    stages      one thin module a DVC stage: paths and params in, one core call, outputs written
    commands    the same for what is no stage: check, profile, export, methods, onnx, compare, verify
    core        sources, and location, archive and package_index, where files may stand; idx, contract, table,
                training, model, metrics, plots, card;
                registry, the method that a name stands for, over methods (one file a method), which are made of
                estimators, and imports (what a module is made of); leaderboard, all methods side by side;
                onnx_export; quality, the gates, over measures, references, orientation, probe, leakage and
                audit;
                compare and verify, what two runs differ in, over lock (dvc.lock) and revisions (git); inputs,
                whether what a stage depends on stays the same while it runs
    ground      errors, files, params, datasets
"""
