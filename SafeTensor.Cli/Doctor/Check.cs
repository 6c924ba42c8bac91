namespace SafeTensor.Cli.Doctor;

/// <summary>One line of the doctor's.</summary>
/// <param name="Subject">What was looked at.</param>
/// <param name="Found">What it is.</param>
/// <param name="Status">How good that is.</param>
/// <param name="Advice">What to change.</param>
internal sealed record Check(string Subject, string Found, CheckStatus Status, IReadOnlyList<string> Advice);
