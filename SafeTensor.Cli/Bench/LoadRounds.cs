using SafeTensor.Runtime;

namespace SafeTensor.Cli.Bench;

/// <summary>Measures all cases once a round, each in a fresh process, so that what else the machine does meets all of them alike.</summary>
/// <param name="subject">What is loaded.</param>
/// <param name="options">More arguments for the library's own loads.</param>
internal sealed class LoadRounds(LoadSubject subject, IReadOnlyList<string> options)
{
    /// <param name="cases">In the order of the report; every other round measures them from the last to the first.</param>
    /// <param name="rounds">How many.</param>
    /// <param name="progress">Counts processes.</param>
    /// <param name="cancellationToken">Ends the process that is measuring.</param>
    internal async Task<IReadOnlyList<LoadRow>> RunAsync(
        IReadOnlyList<LoadCase> cases, int rounds, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        var rows = cases.Select(measured => new LoadRow(measured)).ToList();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < rows.Count; i++)
            {
                await MeasureAsync(rows[round % 2 == 0 ? i : rows.Count - 1 - i], cancellationToken);
                progress?.Report(new ModelProgress((round * rows.Count) + i + 1, rounds * rows.Count));
            }
        }

        return rows;
    }

    private async Task MeasureAsync(LoadRow row, CancellationToken cancellationToken)
    {
        if (row.Refusal is not null)
        {
            return;
        }

        try
        {
            var isSealed = row.Case.Kind.IsSealed();
            var output = await FreshProcess.ReadAsync([.. Arguments(row.Case)], isSealed ? subject.Key : null, cancellationToken);
            row.Add(LoadMeasurement.ReadJson(output));
        }
        catch (SafeModelException e) when (e.Error == SafeModelError.ProtectionUnavailable)
        {
            row.Refusal = e.Message;
        }
    }

    private IEnumerable<string> Arguments(LoadCase measured)
    {
        var kind = measured.Kind;
        var isSealed = kind.IsSealed() || LoadKinds.Floors.Contains(kind);
        string[] fixedArguments =
        [
            "bench", Verbs.MeasureLoadVerb.VerbName, kind.ToString(), isSealed ? subject.Sealed : subject.Plain,
            "--sample", isSealed ? subject.SealedSample : subject.PlainSample, "--json",
        ];
        return
        [
            .. fixedArguments,
            .. measured.IsCold ? ["--cold"] : Array.Empty<string>(),
            .. kind.IsSealed() ? ["--key", "-"] : Array.Empty<string>(),
            .. kind.IsOurs() ? options : [],
            .. kind == LoadKind.SealedPinned ? ["--publisher", subject.PublisherFile] : Array.Empty<string>(),
            .. measured.Runtime is { } runtime ? ["--runtime", runtime] : Array.Empty<string>(),
        ];
    }
}
