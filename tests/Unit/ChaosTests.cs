using Ecom.Tool;

namespace Ecom.Tests.Unit;

/// <summary>What `chaos` plans by its seed, and what it makes of what customers were told and the books say.</summary>
public class ChaosTests
{
    static readonly TimeSpan Time = TimeSpan.FromMinutes(20);
    static readonly Target[] Targets = [new("host", MayBeKilled: true), new("cart-service", MayBeKilled: true), new("order-service", MayBeKilled: true), new("redis", MayBeKilled: false)];

    [Fact]
    public void The_same_seed_brings_the_same_faults() => Faults.Plan(7, Time, Targets).ShouldBe(Faults.Plan(7, Time, Targets));

    [Fact]
    public void Another_seed_brings_others() => Faults.Plan(8, Time, Targets).ShouldNotBe(Faults.Plan(7, Time, Targets));

    [Fact]
    public void A_longer_run_begins_as_a_shorter_one_did()
    {
        var (shorter, longer) = (Faults.Plan(7, Time / 4, Targets), Faults.Plan(7, Time, Targets));

        // What would last beyond the end is cut there.
        longer.Take(shorter.Count).Select(fault => (fault.At, fault.Target, fault.Blow)).ShouldBe(shorter.Select(fault => (fault.At, fault.Target, fault.Blow)));
    }

    [Fact]
    public void Every_target_is_hit_in_every_way_it_may_be()
    {
        var plan = Faults.Plan(7, Time, Targets);

        foreach (var target in Targets)
            plan.Where(fault => fault.Target == target.Name).Select(fault => fault.Blow).Distinct().Order()
                .ToArray().ShouldBe(target.MayBeKilled ? [Blow.Kill, Blow.Pause, Blow.Slow] : [Blow.Pause, Blow.Slow], target.Name);
    }

    [Fact]
    public void Faults_come_in_order_end_in_time_and_never_two_at_once_to_one_target()
    {
        var plan = Faults.Plan(7, Time, Targets);

        plan.ShouldBe(plan.OrderBy(fault => fault.At));
        plan.ShouldAllBe(fault => fault.At + fault.For <= Time && fault.For > TimeSpan.Zero == (fault.Blow != Blow.Kill));
        foreach (var one in plan.GroupBy(fault => fault.Target))
            one.Zip(one.Skip(1)).ShouldAllBe(pair => pair.First.At + pair.First.For < pair.Second.At);
    }

    [Theory]
    [InlineData("", "host cart-service order-service redis")]
    [InlineData("order-service", "order-service")]
    [InlineData("redis order", "order-service redis")]
    [InlineData("cart,host", "host cart-service")]
    public void Targets_are_chosen_by_their_names(string asked, string chosen) =>
        Faults.Choose(Targets, asked.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(target => target.Name).ShouldBe(chosen.Split(' '));

    [Fact]
    public void A_target_that_is_not_there_is_one_line_that_names_those_that_are() =>
        Should.Throw<ToolError>(() => Faults.Choose(Targets, ["kafka"])).Message.ShouldBe("--targets has 'kafka'; known here: host, cart-service, order-service, redis");

    [Theory]
    [InlineData("--minutes 0")]
    [InlineData("--minutes 2000")]
    [InlineData("--minutes soon")]
    [InlineData("--rate 0")]
    [InlineData("--seed x")]
    [InlineData("--targets")]
    [InlineData("--restart redis")]
    public void What_cannot_be_is_refused(string call) => Verbs.Root().Parse($"chaos {call}").Errors.ShouldNotBeEmpty();

    [Fact]
    public void An_order_for_each_customer_who_was_told_so_and_ended_is_all_well() => Judged([Told("ada", "ORD-1")], [Order("ORD-1", "ada")]).Findings.ShouldBeEmpty();

    [Fact]
    public void A_checkout_that_was_answered_and_has_no_order_is_lost() =>
        Judged([Told("ada", "ORD-1"), Told("bob", "ORD-2")], [Order("ORD-1", "ada")]).ShouldSatisfyAllConditions(
            verdict => verdict.Lost.ShouldBe(1),
            verdict => verdict.Findings.ShouldHaveSingleItem().ShouldContain("ORD-2"));

    [Fact]
    public void Two_orders_of_one_checkout_are_one_too_many() =>
        Judged([Told("ada", "ORD-1")], [Order("ORD-1", "ada"), Order("ORD-2", "ada")]).ShouldSatisfyAllConditions(
            verdict => (verdict.Lost, verdict.Twice).ShouldBe((0, 1)),
            verdict => verdict.Findings.ShouldHaveSingleItem().ShouldContain("ORD-2"));

    [Fact]
    public void An_order_that_has_not_ended_is_stuck() =>
        Judged([Told("ada", "ORD-1")], [Order("ORD-1", "ada", "PAID", closed: false)]).ShouldSatisfyAllConditions(
            verdict => verdict.Stuck.ShouldBe(1),
            verdict => verdict.Findings.ShouldHaveSingleItem().ShouldContain("PAID"));

    [Fact]
    public void A_customer_who_got_no_answer_is_found_with_the_reason() =>
        Judged([new("ada", null, "cart-service answered 400")], []).ShouldSatisfyAllConditions(
            verdict => verdict.Unanswered.ShouldBe(1),
            verdict => verdict.Findings.ShouldHaveSingleItem().ShouldContain("cart-service answered 400"));

    [Fact]
    public void Orders_of_others_are_not_ours_to_judge() => Judged([Told("ada", "ORD-1")], [Order("ORD-1", "ada"), Order("ORD-9", "zoe", "PENDING", closed: false)]).Findings.ShouldBeEmpty();

    static Verdict Judged(Heard[] heard, OrderRow[] orders) => Verdict.Of(heard, orders);

    static Heard Told(string user, string orderId) => new(user, orderId, null);

    static OrderRow Order(string id, string user, string status = "FULFILLED", bool closed = true) => new(id, user, status, 1m, closed);
}
