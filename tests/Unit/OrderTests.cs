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
    public void The_database_is_asked_for_what_is_owed_as_the_order_says_it(Happening[] happenings)
    {
        var order = Placed();

        foreach (var happening in happenings)
            Happen(order, happening);

        if (!order.IsEnded)
            foreach (var (what, isOwed) in OwedMetrics.Kinds)
                isOwed.Compile()(order).ShouldBe(what is Owed.Nothing ? order.Owed is Owed.Nothing : order.Owed.HasFlag(what), $"{what} of {order.Status}, {order.Owed}");
    }

    [Property(MaxTest = 500)]
    public void A_cancelled_order_is_closed_only_when_payment_and_inventory_have_said_that_they_hold_nothing(Happening[] happenings)
    {
        var order = Placed();

        foreach (var happening in happenings)
        {
            var wasOpen = !order.IsEnded;
            Happen(order, happening);
            if (!wasOpen || !order.IsEnded || order.Status is not OrderStatus.CANCELLED)
                continue;
            (order.PaymentFailure is not null || order.RefundedAmount is not null).ShouldBeTrue();
            (order.ConfirmedAt is null || order.DepletedProductId is not null || order.StockReleasedAt is not null).ShouldBeTrue();
        }
    }

    [Fact]
    public void An_order_knows_what_is_owed_to_it_at_each_turn()
    {
        var order = Placed();
        order.Owed.ShouldBe(Owed.PaymentAnswer);
        Happen(order, Happening.Paid);
        order.Owed.ShouldBe(Owed.Nothing);
        Happen(order, Happening.Confirm);
        order.Owed.ShouldBe(Owed.StockAnswer);

        Happen(order, Happening.Cancel);

        order.Owed.ShouldBe(Owed.Refund | Owed.Release);
        Happen(order, Happening.Released);
        order.Owed.ShouldBe(Owed.Refund);
        Happen(order, Happening.Refunded);
        order.Owed.ShouldBe(Owed.Nothing);
        order.Close(Now).ShouldBeTrue();
    }

    [Fact]
    public void A_cancel_asked_twice_is_answered_twice_alike()
    {
        var order = Placed();

        order.RequestCancellation(Now).ShouldBeTrue();
        Happen(order, Happening.Cancel);

        order.RequestCancellation(Now).ShouldBeTrue();
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

    static Orders.Order Placed() => Orders.Order.Place(new("ORD-1", "user-1", [new("PROD-001", 2, 10, 20)], 20), "corr-1", null, Now);
}
