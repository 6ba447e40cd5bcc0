"""Methods and models: how they are found, built, recorded, saved and scored, and which rows are held out."""
