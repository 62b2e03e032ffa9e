-- A shop's data in small, with something wrong of each kind, so that every query of pgAdmin_queries.sql has a row to find.
-- GOOD is fulfilled, BAD is fulfilled and nothing else is right, LOST is cancelled and kept the money, LATE waits.
INSERT INTO order_service.orders (order_id, user_id, status, total_amount, correlation_id, cancellation_source, cancel_requested_at, created_at, updated_at, looked_at, asked_at, confirmed_at, stock_reserved_at, cancelled_at, closed_at, waited_ms) VALUES
  ('ORD-GOOD', 'ada', 'FULFILLED', 25.98, 'c1', NULL, NULL, now() - interval '2 minutes', now(), now(), now(), now() - interval '119 seconds', now() - interval '118 seconds', NULL, now() - interval '117 seconds', 0),
  ('ORD-BAD', 'ada', 'FULFILLED', 99.99, 'c2', NULL, now() - interval '5 minutes', now() - interval '6 minutes', now(), now(), now(), now(), now(), NULL, now() - interval '5 minutes', 0),
  ('ORD-LOST', 'bob', 'CANCELLED', 19.99, 'c3', 'customer', NULL, now() - interval '3 minutes', now(), now(), now(), NULL, NULL, now(), now() - interval '2 minutes', 0),
  ('ORD-UNDO', 'bob', 'CANCELLED', 19.99, 'c4', 'timeout', NULL, now() - interval '9 minutes', now(), now(), now(), NULL, NULL, now(), NULL, 0),
  ('ORD-LATE', 'eve', 'PENDING', 19.99, 'c5', NULL, NULL, now() - interval '9 minutes', now(), now(), now(), NULL, NULL, NULL, NULL, 540000);
INSERT INTO order_service.order_items (order_id, product_id, quantity, price, item_total) VALUES
  ('ORD-GOOD', 'PROD-002', 1, 12.99, 12.99), ('ORD-GOOD', 'PROD-003', 1, 12.99, 12.99), ('ORD-BAD', 'PROD-003', 1, 19.99, 19.99),
  ('ORD-LOST', 'PROD-003', 1, 19.99, 19.99), ('ORD-UNDO', 'PROD-003', 1, 19.99, 19.99), ('ORD-LATE', 'PROD-003', 1, 19.99, 19.99);
INSERT INTO payment_service.payments (payment_id, order_id, user_id, amount, currency, method, status, reason, refunded_amount, undone_at, attempts, version, created_at, updated_at, settled_at) VALUES
  ('PAY-1', 'ORD-GOOD', 'ada', 25.98, 'USD', 'card', 'PROCESSED', NULL, NULL, NULL, 1, 1, now(), now(), now()),
  ('PAY-2', 'ORD-LOST', 'bob', 19.99, 'USD', 'card', 'PROCESSED', NULL, NULL, NULL, 1, 1, now(), now(), now()),
  ('PAY-3', 'ORD-UNDO', 'bob', 19.99, 'USD', 'card', 'REFUNDED', NULL, 19.99, now(), 1, 2, now(), now(), now()),
  ('PAY-4', 'ORD-LATE', 'eve', 19.99, 'USD', 'card', 'PENDING', NULL, NULL, NULL, 3, 0, now(), now(), NULL),
  ('PAY-5', 'ORD-NONE', 'eve', 19.99, 'USD', 'card', 'FAILED', 'card_declined', NULL, NULL, 1, 1, now(), now(), now());
INSERT INTO payment_service.gateway_charges (order_id, amount, declined, voided_at) VALUES ('ORD-GOOD', 25.98, NULL, NULL), ('ORD-LOST', 19.99, NULL, now());
UPDATE inventory_service.products SET stock = 3, reserved = 97 WHERE product_id = 'PROD-001';
INSERT INTO inventory_service.order_reservations (order_id, status, created_at, updated_at, version, lacking_product_id, requested, available) VALUES
  ('ORD-GOOD', 'RESERVED', now(), now(), 0, NULL, NULL, NULL), ('ORD-LOST', 'RESERVED', now(), now(), 0, NULL, NULL, NULL), ('ORD-UNDO', 'REFUSED', now(), now(), 0, 'PROD-003', 1, 0);
INSERT INTO inventory_service.stock_reservations (order_id, product_id, quantity, status) VALUES ('ORD-GOOD', 'PROD-002', 1, 'RESERVED'), ('ORD-LOST', 'PROD-003', 1, 'RESERVED');
INSERT INTO notification_service.notifications (notification_id, event_id, kind, user_id, recipient_email, order_id, subject, html, text, status, attempts, error, created_at, sent_at) VALUES
  ('n1', 'e1', 'fulfilled', 'ada', 'ada@example.com', 'ORD-GOOD', 'Order Confirmed #ORD-GOOD', '<p>', 'Thank you', 'SENT', 1, NULL, now(), now()),
  ('n2', 'e2', 'cancelled', 'bob', 'bob@example.com', 'ORD-LOST', 'Order Cancelled #ORD-LOST', '<p>', 'We are sorry', 'PENDING', 2, 'away', now(), NULL),
  ('n3', 'e3', 'fraud', '(admin)', 'admin@ecom.local', NULL, 'Fraud Alert', '<p>', 'Severity', 'FAILED', 20, 'refused', now(), NULL);
INSERT INTO notification_service.fraud_notices (user_id, alert_type, medium_until, high_until, critical_until) VALUES ('eve', 'high_order_value', now(), now() - interval '1 day', now() - interval '2 days');
INSERT INTO order_service.outbox_events (event_id, topic, key, payload, bytes, created_at, attempts, retry_at, parked_at, error) VALUES ('e1', 'order.created', 'ORD-LATE', '{}', 2, now(), 10, now(), now(), 'too large');
INSERT INTO payment_service.outbox_events (event_id, topic, key, payload, bytes, created_at, attempts, retry_at, error) VALUES ('e2', 'payment.failed', 'ORD-NONE', '{}', 2, now(), 2, now(), 'away');
INSERT INTO order_service.processed_events (event_id, topic, processed_at) VALUES ('e3', 'payment.processed', now()), ('e4', 'payment.failed', now() - interval '20 days');
INSERT INTO analytics_service.dead_letters (letter_id, original_topic, event_id, error_reason, error_type, retry_count, timestamp, subscriber, payload, received_at, replay_count) VALUES
  ('l1', 'order.created', 'e5', 'there is no product X', 'Never', 1, now(), 'inventory-service', '{}', now(), 0);
INSERT INTO analytics_service.dead_letters (letter_id, original_topic, event_id, error_reason, error_type, retry_count, timestamp, subscriber, payload, received_at, replayed_at, replay_count, status, failures) VALUES
  ('l2', 'order.created', 'e6', 'there is no product X', 'Never', 1, now(), 'inventory-service', '{}', now(), now(), 1, 'OPEN', 2);
INSERT INTO analytics_service.revenue_metrics (window_start, window_end, as_of, total_revenue, order_count, avg_order_value) VALUES (now() - interval '2 minutes', now() - interval '1 minute', now(), 45.97, 2, 22.99);
INSERT INTO analytics_service.fraud_alerts (user_id, alert_type, window_start, window_end, as_of, severity, details) VALUES ('eve', 'high_order_value', now() - interval '5 minutes', now(), now(), 'HIGH', '1200.00');
INSERT INTO analytics_service.cart_abandonment (user_id, product_id, item_added_time, as_of, detected_at) VALUES ('ada', 'PROD-003', now() - interval '31 minutes', now(), now());
INSERT INTO analytics_service.inventory_velocity (product_id, window_start, window_end, as_of, units_sold, revenue) VALUES ('PROD-003', date_trunc('hour', now()), date_trunc('hour', now()) + interval '1 hour', now(), 2, 39.98);
INSERT INTO analytics_service.operational_metrics (metric_name, topic, window_start, window_end, as_of, value, status) VALUES ('events_per_minute', 'payment.failed', now() - interval '2 minutes', now() - interval '1 minute', now(), 12, 'WARNING');
INSERT INTO analytics_service.operational_metrics (metric_name, topic, window_start, window_end, as_of, value, status) VALUES ('late_events', 'cart_abandonment', now() - interval '2 minutes', now() - interval '1 minute', now(), 3, 'WARNING');
