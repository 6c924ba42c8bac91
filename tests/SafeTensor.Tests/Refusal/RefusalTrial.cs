using SafeTensor.Cli.Demo;

namespace SafeTensor.Tests;

/// <summary>
/// Opens one changed package after another. Each must be refused with the error that is expected, give back all memory as zeros, and run
/// no code; after some of them the whole process is searched for weights and for open files.
/// </summary>
/// <param name="package">The package that is changed, on one thread at a time.</param>
/// <param name="scanEvery">After how many cases the process is searched.</param>
internal sealed class RefusalTrial(SmallPackage package, int scanEvery)
{
    private const int MaxFaults = 10;

    // Many cases run at once, and a search alone.
    private static readonly ReaderWriterLockSlim Gate = new();

    private readonly MemoryLedger _ledger = new();

    internal SmallPackage Package => package;

    internal int Cases { get; private set; }

    internal int Scans { get; private set; }

    /// <summary>Pieces of protected memory that all cases took and released.</summary>
    internal long PiecesOfMemory { get; private set; }

    internal List<string> Faults { get; } = [];

    /// <param name="expected">The error's name.</param>
    /// <param name="change">What was changed, in words.</param>
    internal void Try(string expected, Func<string> change)
    {
        Gate.EnterReadLock();
        try
        {
            _ledger.Begin();
            var outcome = package.Open();
            Cases++;
            PiecesOfMemory += _ledger.Taken;
            var fault = outcome != expected ? $"{outcome} instead of {expected}"
                : _ledger.Fault ?? (package.CodeRuns > 0 ? "code ran" : null);
            if (fault is not null)
            {
                Note(change(), fault);
                package.ForgetMark();
            }
        }
        finally
        {
            Gate.ExitReadLock();
        }

        if (Cases % scanEvery == 0)
        {
            Scan(change());
        }
    }

    private void Scan(string change)
    {
        Gate.EnterWriteLock();
        try
        {
            var files = Directory.GetFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget ?? "").ToList();
            if (files.Count(file => file.StartsWith(package.Folder + "/", StringComparison.Ordinal)) != package.Descriptors
                || files.Exists(file => file == package.Folder || file.Contains("safetensor-code", StringComparison.Ordinal)))
            {
                Note(change, "a file was left open");
            }

            if (package.CanBeSearchedFor)
            {
                Scans++;
                if (MemoryScan.Run(package.Markers).Copies > 0)
                {
                    Note(change, "weights were left in memory");
                }
            }
        }
        finally
        {
            Gate.ExitWriteLock();
        }
    }

    private void Note(string change, string fault)
    {
        if (Faults.Count < MaxFaults)
        {
            Faults.Add($"{package.Spec.Name}, {change}: {fault}");
        }
    }
}
