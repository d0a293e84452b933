"""Questions at photo size: the editor as it is used, beside plain MaskGIT and fills that need no learning."""
