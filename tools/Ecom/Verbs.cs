using System.CommandLine;

namespace Ecom.Tool;

/// <summary>Everything the tool does.</summary>
static class Verbs
{
    public static RootCommand Root() => new("""
        The shop: start it, watch it, load it, check its books.

        Exit codes: 0 it is so; 1 it is not (an order is stuck, the books do not add up, something is missing);
        2 it cannot run (a port taken, a setting or a file that cannot be read, a wrong option); 130 stopped by Ctrl-C or SIGTERM.
        """)
    {
        Up.Command(), Demo.Command(), Load.Command(), Simulate.Command(), Chaos.Command(), Audit.Command(), Outbox.Command(), DeadLetters.Command(), Clean.Command(), SetTimeZone.Command(), CatchMail.Command(), Doctor.Command(), Setup.Command(), Events.Command(),
    };
}
