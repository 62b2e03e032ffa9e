using Ecom.Contracts;
using Ecom.Orders;
using FsCheck.Xunit;

namespace Ecom.Tests.Unit;

/// <summary>The order's own rules.</summary>
public sealed class OrderTests
{
    static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public enum Happening { Paid, Declined, Refunded, Reserved, Released, Depleted, Requested, Confirm, Fulfil, Cancel, Close }

    [Property(MaxTest = 500)]
    public void No_happening_moves_an_order_backwards_or_out_of_its_end(Happening[] happenings)
    {
        var order = Placed();

        foreach (var happening in happenings)
        {
            var (before, ended) = (order.Status, order.ClosedAt);
            Happen(order, happening);

            if (before is OrderStatus.FULFILLED or OrderStatus.CANCELLED)
                order.Status.ShouldBe(before);
            ((int)order.Status).ShouldBeGreaterThanOrEqualTo((int)before);
            if (ended is not null)
                order.ClosedAt.ShouldBe(ended);
        }
    }

    [Property(MaxTest = 500)]
    public void An_order_is_never_fulfilled_after_the_customer_asked_to_cancel(Happening[] happenings)
    {
        var order = Placed();
        order.RequestCancellation(Now).ShouldBeTrue();

        foreach (var happening in happenings)
            Happen(order, happening);

        order.Status.ShouldNotBe(OrderStatus.FULFILLED);
    }

    [Property(MaxTest = 500)]
    public void A_cancelled_order_that_owes_money_is_not_closed_by_the_saga(Happening[] happenings)
    {
        var order = Placed();

        foreach (var happening in happenings)
        {
            var owed = order.IsCharged;
            var open = order.ClosedAt is null;
            Happen(order, happening);
            if (happening is Happening.Close && owed && open)
                order.ClosedAt.ShouldBeNull();
        }
    }

    [Fact]
    public void A_step_done_twice_answers_as_if_it_were_the_first()
    {
        var order = Placed();

        order.Confirm(Now).ShouldBeTrue();
        order.Confirm(Now).ShouldBeFalse();
        order.Fulfil(Now).ShouldBeTrue();
        order.Fulfil(Now).ShouldBeFalse();

        order.Status.ShouldBe(OrderStatus.FULFILLED);
        order.RequestCancellation(Now).ShouldBeFalse();
    }

    static void Happen(Orders.Order order, Happening happening)
    {
        switch (happening)
        {
            case Happening.Paid: order.Record(new PaymentProcessed("PAY-1", order.OrderId, order.UserId, 20, "USD", "card"), Now); break;
            case Happening.Declined: order.Record(new PaymentFailed(order.OrderId, order.UserId, "card_declined"), Now); break;
            case Happening.Refunded: order.Record(new PaymentRefunded("PAY-1", order.OrderId, order.UserId, 20, "why"), Now); break;
            case Happening.Reserved: order.RecordReserved(Now); break;
            case Happening.Released: order.RecordReleased(Now); break;
            case Happening.Depleted: order.RecordDepleted("PROD-001", Now); break;
            case Happening.Requested: order.RequestCancellation(Now); break;
            case Happening.Confirm: order.Confirm(Now); break;
            case Happening.Fulfil: order.Fulfil(Now); break;
            case Happening.Cancel: order.Cancel(CancellationSources.Timeout, "late", Now); break;
            case Happening.Close: order.Close(Now); break;
        }
    }

    static Orders.Order Placed() => Orders.Order.Place(new("ORD-1", "user-1", [new("PROD-001", 2, 10, 20)], 20), "corr-1", Now);
}
