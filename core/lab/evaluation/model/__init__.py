"""Questions at the model's size: holes, borders, classes, pictures from nothing, and what the tokenizer keeps."""
