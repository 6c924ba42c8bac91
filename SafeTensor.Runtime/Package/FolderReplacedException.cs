namespace SafeTensor.Runtime;

/// <summary>A file is missing because another folder has taken the path of the one that was opened, and that one was deleted. What is there now may be as good.</summary>
internal sealed class FolderReplacedException(string path) : FileNotFoundException(
    $"There is no file '{SafeText.EscapePath(path)}' any more: its folder was replaced while it was read. Try again.", SafeText.EscapePath(path));
