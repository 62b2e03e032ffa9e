namespace Ecom.Payments;

/// <summary>What a payment gateway says about a charge.</summary>
public abstract record Answer
{
    public sealed record Approved : Answer;

    public sealed record Declined(string Reason) : Answer;
}

/// <summary>The way to the money. The order's id is the idempotency key: the same question has the same answer and charges once.</summary>
public interface IPaymentGateway
{
    /// <summary>Charges the order. A call that is cancelled says nothing about the money: ask again, by the same key.</summary>
    Task<Answer> Charge(string orderId, decimal amount, string? token, CancellationToken ct);

    /// <summary>Gives back what was charged for the order, and sees to it that nothing is charged from now on; once, however often it is asked.</summary>
    /// <returns>What was given back; 0: nothing was charged.</returns>
    Task<decimal> Void(string orderId, CancellationToken ct);
}
