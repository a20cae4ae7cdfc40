"""The training job: panel, backtest, calibration, gate, evaluation and MLflow runs."""
