using System.Runtime.InteropServices;
using SafeTensor.Cli;

const int SIGXFSZ = 25;

var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

// A file above the process's limit (ulimit -f): the write fails, which is reported like a full disk.
using var fileSize = PosixSignalRegistration.Create((PosixSignal)SIGXFSZ, signal => signal.Cancel = true);
return await CommandLine.RunAsync(args, Terminal.OfThisProcess(), stop.Token);

// The first signal lets the verb wipe and clean up; the second one ends the process at once.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
}
