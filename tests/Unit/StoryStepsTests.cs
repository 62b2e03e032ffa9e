using Ecom.Analytics;
using Ecom.Analytics.Pages;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.Extensions.Configuration;

namespace Ecom.Tests.Unit;

public sealed class StoryStepsTests
{
    [Theory]
    [InlineData(StepKinds.Event, AppIds.Order, Topics.OrderCreated, null, "order · created", Tone.Busy)]
    [InlineData(StepKinds.Event, AppIds.Order, Topics.NotificationSend, null, "order · notification send", Tone.Busy)]
    [InlineData(StepKinds.Event, AppIds.Payment, Topics.PaymentFailed, null, "payment · failed", Tone.Bad)]
    [InlineData(StepKinds.Event, AppIds.Payment, Topics.PaymentRefunded, null, "payment · refunded", Tone.Warn)]
    [InlineData(StepKinds.Saga, AppIds.Order, "cancel_requested", null, "saga · cancel requested", Tone.Busy)]
    [InlineData(StepKinds.Mail, AppIds.Notification, "fulfilled", "SENT", "notification · mail sent", Tone.Good)]
    [InlineData(StepKinds.Mail, AppIds.Notification, "fulfilled", "FAILED", "notification · mail failed", Tone.Bad)]
    [InlineData(StepKinds.DeadLetter, AppIds.Inventory, Topics.OrderConfirmed, "OPEN", "inventory · dead letter", Tone.Bad)]
    public void A_step_is_called_by_its_lane_and_coloured_by_what_it_means(string kind, string service, string name, string? status, string title, Tone tone)
    {
        var step = Step("1", kind, service, name, status);

        step.FullTitle().ShouldBe(title);
        step.Tone().ShouldBe(tone);
    }

    [Fact]
    public void What_says_the_same_for_the_same_reason_is_drawn_once_and_so_is_what_it_led_to()
    {
        StoryStep[] steps =
        [
            Step("1", StepKinds.Event, AppIds.Analytics, Topics.FraudDetected),
            Step("2", StepKinds.Event, AppIds.Analytics, Topics.FraudDetected),
            Step("3", StepKinds.Mail, AppIds.Notification, "fraud", "SENT", cause: "2"),
        ];

        var moments = StorySteps.Moments(steps, out var drawn);

        moments.Select(moment => (moment.Id, moment.Title, moment.CauseId)).ShouldBe([("1", "fraud detected ×2", null), ("3", "mail sent", "1")]);
        drawn["2"].ShouldBe("1");
    }

    [Fact]
    public void A_trace_has_an_address_where_somebody_said_it()
    {
        Link("http://zipkin/{trace_id}?x").Of("abc").ShouldBe("http://zipkin/abc?x");
        Link("").Of("abc").ShouldBeNull();
        Should.Throw<SettingException>(() => Link("http://zipkin/"));
    }

    static TraceLink Link(string address) => new(new ConfigurationBuilder().AddInMemoryCollection([new("TRACE_URL", address)]).Build());

    static StoryStep Step(string id, string kind, string service, string name, string? status = null, string? cause = null) =>
        new(id, kind, service, name, DateTimeOffset.UnixEpoch, "", cause, null, 0, status, null);
}
