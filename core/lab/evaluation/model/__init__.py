"""Questions at the model's size: holes, borders, classes, new pictures, and what the tokenizer keeps."""
