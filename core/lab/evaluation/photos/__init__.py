"""Questions at photo size: the editor as it is used, against plain MaskGIT and fills without learning."""
