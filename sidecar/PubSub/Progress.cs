namespace Ecom.Sidecar.PubSub;

/// <summary>
/// Which offsets of a topic are dealt with: all below <see cref="Next"/>, and above it those whose bit is set. A bit each: while one is stuck
/// there may be 60,000 behind it, and what is dealt with is written down many times a second.
/// </summary>
/// <remarks>For one thread at a time.</remarks>
sealed class Progress
{
    const int Least = 64;

    /// <summary>Bit i stands for the offset <c>floor + i</c>.</summary>
    byte[] bits = new byte[Least];
    long floor;
    long top;

    /// <param name="floor">All below it is dealt with.</param>
    /// <param name="bits">What is, from there on.</param>
    public Progress(long floor, ReadOnlySpan<byte> bits)
    {
        (this.floor, Next, top) = (floor, floor, floor + bits.Length * 8L);
        if (bits.Length > Least) this.bits = new byte[bits.Length];
        bits.CopyTo(this.bits);
        Advance();
    }

    public long Next { get; private set; }

    public bool IsDone(long offset) => offset < Next || offset < top && (bits[(offset - floor) / 8] & Bit(offset)) != 0;

    public void Done(long offset)
    {
        if (IsDone(offset)) return;
        if (offset - floor >= bits.Length * 8L) MakeRoom(offset);
        bits[(offset - floor) / 8] |= Bit(offset);
        top = Math.Max(top, offset + 1);
        Advance();
    }

    /// <summary>Nothing is there between <see cref="Next"/> and the offset.</summary>
    public void SkipTo(long offset)
    {
        if (offset < top)
            while (Next < offset) Done(Next);
        else if (offset > Next)
        {
            Array.Clear(bits);
            floor = Next = top = offset;
        }
    }

    /// <summary>What the constructor takes.</summary>
    public (long Floor, byte[] Bits) Written()
    {
        if (top <= Next) return (Next, []);
        var from = (int)((Next - floor) / 8);
        return (floor + from * 8L, bits[from..(int)((top - 1 - floor) / 8 + 1)]);
    }

    byte Bit(long offset) => (byte)(1 << (int)((offset - floor) % 8));

    void Advance()
    {
        while (Next < top && (bits[(Next - floor) / 8] & Bit(Next)) != 0) Next++;
    }

    void MakeRoom(long offset)
    {
        var behind = (int)((Next - floor) / 8);
        var needed = (int)((offset - floor) / 8) + 1 - behind;
        var wider = new byte[Math.Max(bits.Length, needed * 2)];
        bits.AsSpan(behind).CopyTo(wider);
        (bits, floor) = (wider, floor + behind * 8L);
    }
}
