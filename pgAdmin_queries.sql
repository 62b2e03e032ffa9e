-- The shop's tables, asked. Each query stands alone: mark one in pgAdmin and press F5, or paste it into psql.
-- The database's search_path lists the services' schemas, so a table that only one of them has needs no schema.
-- Times are stored in UTC; SET TIME ZONE 'America/Los_Angeles' shows them on your clock.
-- «No row is good» marks what looks for trouble.


-- # Orders

-- The latest orders.
SELECT order_id, user_id, status, total_amount, cancellation_source, created_at, closed_at FROM orders ORDER BY created_at DESC LIMIT 20;

-- How many are in which state, and what they are worth.
SELECT status, count(*) AS orders, sum(total_amount) AS amount FROM orders GROUP BY status ORDER BY orders DESC;

-- Why orders were cancelled.
SELECT cancellation_source, count(*) AS orders, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent FROM orders WHERE status = 'CANCELLED' GROUP BY cancellation_source ORDER BY orders DESC;

-- The lines of the latest order.
SELECT i.product_id, p.name, i.quantity, i.price, i.item_total FROM order_items i JOIN products p USING (product_id) WHERE i.order_id = (SELECT order_id FROM orders ORDER BY created_at DESC LIMIT 1) ORDER BY i.product_id;

-- Orders per hour of the last day.
SELECT date_trunc('hour', created_at) AS hour, count(*) AS orders, sum(total_amount) AS amount FROM orders WHERE created_at > now() - interval '1 day' GROUP BY hour ORDER BY hour DESC;

-- The customers who bought most.
SELECT user_id, count(*) AS orders, sum(total_amount) AS spent, max(created_at) AS latest FROM orders WHERE status = 'FULFILLED' GROUP BY user_id ORDER BY spent DESC LIMIT 20;

-- Customers who came back.
SELECT orders, count(*) AS customers FROM (SELECT user_id, count(*) AS orders FROM orders GROUP BY user_id) AS per_customer GROUP BY orders ORDER BY orders;

-- How large an order is: lines, units and amount, on average and at most.
SELECT round(avg(lines), 1) AS lines, round(avg(units), 1) AS units, round(avg(amount), 2) AS amount, max(amount) AS most FROM (SELECT count(*) AS lines, sum(quantity) AS units, sum(item_total) AS amount FROM order_items GROUP BY order_id) AS per_order;

-- Products that are bought together.
SELECT a.product_id, b.product_id AS bought_with, count(*) AS orders FROM order_items a JOIN order_items b ON b.order_id = a.order_id AND b.product_id > a.product_id GROUP BY a.product_id, b.product_id ORDER BY orders DESC LIMIT 20;

-- The share of orders that were fulfilled, per day.
SELECT created_at::date AS day, count(*) AS orders, round(100.0 * count(*) FILTER (WHERE status = 'FULFILLED') / count(*), 1) AS fulfilled_percent FROM orders GROUP BY day ORDER BY day DESC LIMIT 31;

-- Orders whose lines do not add up to their amount. No row is good.
SELECT o.order_id, o.total_amount, sum(i.item_total) AS lines FROM orders o LEFT JOIN order_items i USING (order_id) GROUP BY o.order_id, o.total_amount HAVING o.total_amount IS DISTINCT FROM sum(i.item_total);


-- # The saga

-- Orders under way, and for whom each of them waits.
SELECT order_id, status, now() - created_at AS age, CASE WHEN status = 'PENDING' THEN 'payment' WHEN status = 'PAID' THEN 'stock' ELSE 'what is to be undone' END AS waits_for FROM orders WHERE closed_at IS NULL ORDER BY created_at;

-- Open orders older than the saga's patience (SAGA_TIMEOUT_SECONDS). No row is good.
SELECT order_id, user_id, status, now() - created_at AS age, make_interval(secs => waited_ms / 1000.0) AS waited FROM orders WHERE closed_at IS NULL AND created_at < now() - interval '5 minutes' ORDER BY created_at;

-- From checkout to the end: median, 95th percentile and worst, in milliseconds, of the last day.
SELECT status, count(*) AS orders, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)) AS p50, round(percentile_cont(0.95) WITHIN GROUP (ORDER BY ms)) AS p95, round(max(ms)) AS worst FROM (SELECT status, 1000 * extract(epoch FROM closed_at - created_at) AS ms FROM orders WHERE closed_at > now() - interval '1 day') AS ended GROUP BY status;

-- How long each step took for the latest orders.
SELECT order_id, confirmed_at - created_at AS to_paid, stock_reserved_at - confirmed_at AS to_reserved, closed_at - created_at AS altogether FROM orders WHERE closed_at IS NOT NULL ORDER BY created_at DESC LIMIT 20;

-- An order's whole story in one line of each service, of the latest order.
SELECT o.order_id, o.status, p.status AS payment, r.status AS stock, n.kind AS mail, n.status AS mail_status FROM orders o LEFT JOIN payments p USING (order_id) LEFT JOIN order_reservations r USING (order_id) LEFT JOIN notifications n ON n.order_id = o.order_id AND n.kind IN ('fulfilled', 'cancelled', 'cancelled_payment', 'cancelled_stock') ORDER BY o.created_at DESC LIMIT 1;

-- Cancelled orders that still wait for a refund or for stock to come back. No row is good.
SELECT order_id, cancellation_source, paid_amount, refunded_amount, stock_reserved_at, stock_released_at FROM orders WHERE status = 'CANCELLED' AND closed_at IS NULL ORDER BY cancelled_at;

-- Customers who asked to cancel and were too late. No row is good.
SELECT order_id, user_id, cancel_requested_at, closed_at FROM orders WHERE status = 'FULFILLED' AND cancel_requested_at IS NOT NULL ORDER BY cancel_requested_at DESC;

-- Payments of orders that order-service does not know. No row is good.
SELECT p.order_id, p.status, p.amount FROM payments p LEFT JOIN orders o USING (order_id) WHERE o.order_id IS NULL;

-- The workflows that Dapr keeps (finished ones for ten minutes), by kind of state. A database that no sidecar has used has no such table.
SELECT to_regclass('public.dapr_state') AS workflow_state, pg_size_pretty(coalesce(pg_total_relation_size(to_regclass('public.dapr_state')), 0)) AS size;


-- # Money

-- What was taken, kept and given back.
SELECT status, count(*) AS payments, sum(amount) AS amount, sum(refunded_amount) AS refunded FROM payments GROUP BY status ORDER BY status;

-- Charged = fulfilled + refunded + still open.
SELECT (SELECT coalesce(sum(amount), 0) FROM payments WHERE status IN ('PROCESSED', 'REFUNDED')) AS charged, (SELECT coalesce(sum(total_amount), 0) FROM orders WHERE status = 'FULFILLED') AS fulfilled, (SELECT coalesce(sum(amount), 0) FROM payments WHERE status = 'REFUNDED') AS refunded, (SELECT coalesce(sum(p.amount), 0) FROM payments p JOIN orders o USING (order_id) WHERE p.status = 'PROCESSED' AND o.closed_at IS NULL) AS open;

-- Why payments failed.
SELECT reason, count(*) AS payments, sum(amount) AS amount FROM payments WHERE status = 'FAILED' GROUP BY reason ORDER BY payments DESC;

-- The share of payments that went through, per hour.
SELECT date_trunc('hour', created_at) AS hour, count(*) AS payments, round(100.0 * count(*) FILTER (WHERE status IN ('PROCESSED', 'REFUNDED')) / count(*), 1) AS percent FROM payments GROUP BY hour ORDER BY hour DESC LIMIT 24;

-- How long the gateway takes to answer, in milliseconds.
SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)) AS p50, round(percentile_cont(0.95) WITHIN GROUP (ORDER BY ms)) AS p95, round(max(ms)) AS worst FROM (SELECT 1000 * extract(epoch FROM settled_at - created_at) AS ms FROM payments WHERE settled_at IS NOT NULL) AS answered;

-- Payments that the gateway has not answered yet, and how often it was asked. No row is good.
SELECT payment_id, order_id, amount, attempts, retry_at, now() - created_at AS age FROM payments WHERE status = 'PENDING' ORDER BY created_at;

-- Fulfilled orders that were not paid in full. No row is good.
SELECT o.order_id, o.total_amount, p.amount, p.status FROM orders o LEFT JOIN payments p USING (order_id) WHERE o.status = 'FULFILLED' AND (p.status IS DISTINCT FROM 'PROCESSED' OR p.amount <> o.total_amount);

-- Cancelled and closed, but the money was kept. No row is good.
SELECT o.order_id, p.amount, p.status FROM orders o JOIN payments p USING (order_id) WHERE o.status = 'CANCELLED' AND o.closed_at IS NOT NULL AND p.status = 'PROCESSED';

-- Where our book and the gateway's differ. No row is good.
SELECT order_id, p.status, p.amount, g.amount AS gateway, g.declined, g.voided_at FROM payments p JOIN gateway_charges g USING (order_id) WHERE (p.status = 'PROCESSED') <> (g.declined IS NULL AND g.voided_at IS NULL) AND p.status <> 'PENDING';

-- The largest refunds.
SELECT order_id, user_id, refunded_amount, cancel_reason, undone_at FROM payments WHERE refunded_amount > 0 ORDER BY refunded_amount DESC LIMIT 20;


-- # Stock

-- The catalogue, scarce products first.
SELECT product_id, name, price, stock, reserved, initial_stock, restocked FROM products ORDER BY stock, product_id;

-- What is sold out or nearly (LOW_STOCK_THRESHOLD is 10). No row is good.
SELECT product_id, name, stock FROM products WHERE stock < 10 ORDER BY stock;

-- What the stock is worth.
SELECT sum(stock) AS units, sum(stock * price) AS worth FROM products;

-- What sells: units and revenue of fulfilled orders.
SELECT i.product_id, p.name, sum(i.quantity) AS units, sum(i.item_total) AS revenue FROM order_items i JOIN orders o USING (order_id) JOIN products p USING (product_id) WHERE o.status = 'FULFILLED' GROUP BY i.product_id, p.name ORDER BY revenue DESC;

-- Products that nobody has bought yet. No row is good.
SELECT p.product_id, p.name, p.price FROM products p WHERE NOT EXISTS (SELECT 1 FROM order_items i WHERE i.product_id = p.product_id) ORDER BY p.product_id;

-- What inventory decided.
SELECT status, count(*) AS orders FROM order_reservations GROUP BY status ORDER BY orders DESC;

-- Orders that were refused, and what was lacking. No row is good.
SELECT order_id, lacking_product_id, requested, available, created_at FROM order_reservations WHERE status = 'REFUSED' ORDER BY created_at DESC LIMIT 20;

-- Units held for orders that are not fulfilled yet. No row is good.
SELECT s.product_id, sum(s.quantity) AS units FROM stock_reservations s JOIN orders o USING (order_id) WHERE s.status = 'RESERVED' AND o.status <> 'FULFILLED' GROUP BY s.product_id ORDER BY units DESC;

-- Held although the order is cancelled and closed. No row is good.
SELECT s.order_id, s.product_id, s.quantity FROM stock_reservations s JOIN orders o USING (order_id) WHERE s.status = 'RESERVED' AND o.status = 'CANCELLED' AND o.closed_at IS NOT NULL;

-- Products whose numbers do not agree with their reservations. No row is good.
SELECT p.product_id, p.reserved, coalesce(sum(s.quantity), 0) AS held FROM products p LEFT JOIN stock_reservations s ON s.product_id = p.product_id AND s.status = 'RESERVED' GROUP BY p.product_id, p.reserved HAVING p.reserved <> coalesce(sum(s.quantity), 0);


-- # Outbox and inbox

-- What waits to be sent, by service.
SELECT 'order' AS service, count(*) AS events, count(parked_at) AS parked, min(created_at) AS oldest FROM order_service.outbox_events UNION ALL SELECT 'payment', count(*), count(parked_at), min(created_at) FROM payment_service.outbox_events UNION ALL SELECT 'inventory', count(*), count(parked_at), min(created_at) FROM inventory_service.outbox_events UNION ALL SELECT 'notification', count(*), count(parked_at), min(created_at) FROM notification_service.outbox_events UNION ALL SELECT 'analytics', count(*), count(parked_at), min(created_at) FROM analytics_service.outbox_events;

-- Parked events of order-service: refused too often; ecom outbox retry sends them again. No row is good.
SELECT id, topic, key, attempts, created_at, error FROM order_service.outbox_events WHERE parked_at IS NOT NULL ORDER BY id;

-- What order-service has not got rid of yet, by topic. No row is good.
SELECT topic, count(*) AS events, pg_size_pretty(sum(bytes)) AS size, max(attempts) AS attempts, min(created_at) AS oldest FROM order_service.outbox_events GROUP BY topic ORDER BY events DESC;

-- What payment-service tries again, and why. No row is good.
SELECT topic, key, attempts, retry_at, error FROM payment_service.outbox_events WHERE retry_at IS NOT NULL ORDER BY retry_at;

-- Events applied by each service.
SELECT 'order' AS service, count(*) AS events, max(processed_at) AS latest FROM order_service.processed_events UNION ALL SELECT 'payment', count(*), max(processed_at) FROM payment_service.processed_events UNION ALL SELECT 'inventory', count(*), max(processed_at) FROM inventory_service.processed_events UNION ALL SELECT 'notification', count(*), max(processed_at) FROM notification_service.processed_events UNION ALL SELECT 'analytics', count(*), max(processed_at) FROM analytics_service.processed_events;

-- Events applied by order-service per topic in the last hour.
SELECT topic, count(*) AS events, max(processed_at) AS latest FROM order_service.processed_events WHERE processed_at > now() - interval '1 hour' GROUP BY topic ORDER BY events DESC;

-- Marks older than any redelivery, which the services delete by themselves after 14 days. No row is good.
SELECT count(*) AS old FROM order_service.processed_events WHERE processed_at < now() - interval '15 days' HAVING count(*) > 0;


-- # Mails

-- How far the mails got.
SELECT kind, status, count(*) AS mails, max(attempts) AS attempts FROM notifications GROUP BY kind, status ORDER BY kind, status;

-- The latest mails.
SELECT created_at, kind, recipient_email, subject, status, sent_at - created_at AS took FROM notifications ORDER BY created_at DESC LIMIT 20;

-- Mails that wait, and why. No row is good.
SELECT notification_id, kind, recipient_email, attempts, retry_at, error FROM notifications WHERE status = 'PENDING' ORDER BY created_at;

-- Mails that were refused for good. No row is good.
SELECT notification_id, kind, recipient_email, attempts, error FROM notifications WHERE status = 'FAILED' ORDER BY created_at DESC;

-- Ended orders without a mail, or with more than one. No row is good.
SELECT o.order_id, o.status, count(n.notification_id) AS mails FROM orders o LEFT JOIN notifications n ON n.order_id = o.order_id AND n.kind IN ('fulfilled', 'cancelled', 'cancelled_payment', 'cancelled_stock') WHERE o.closed_at < now() - interval '1 minute' GROUP BY o.order_id, o.status HAVING count(n.notification_id) <> 1;

-- The text of the latest mail.
SELECT subject, text FROM notifications ORDER BY created_at DESC LIMIT 1;

-- What the administrator was told of whom.
SELECT user_id, alert_type, medium_until, high_until, critical_until FROM fraud_notices ORDER BY medium_until DESC LIMIT 20;


-- # Dead letters

-- Open dead letters by topic and reason. No row is good.
SELECT original_topic, subscriber, error_type, count(*) AS letters, max(received_at) AS latest FROM dead_letters WHERE status = 'OPEN' GROUP BY original_topic, subscriber, error_type ORDER BY letters DESC;

-- The latest ones, with their events.
SELECT id, received_at, original_topic, subscriber, error_reason, left(payload, 200) AS event FROM dead_letters ORDER BY id DESC LIMIT 20;

-- Replayed, and dead again. No row is good.
SELECT id, original_topic, subscriber, event_id, failures, replayed_at, error_reason FROM dead_letters WHERE status = 'OPEN' AND failures > 1 ORDER BY failures DESC;

-- What became of them all.
SELECT status, count(*) AS letters FROM dead_letters GROUP BY status ORDER BY status;


-- # Analytics

-- Revenue of the last hour, minute by minute.
SELECT window_start, total_revenue, order_count, avg_order_value FROM revenue_metrics WHERE window_start > now() - interval '1 hour' ORDER BY window_start DESC;

-- Revenue per day.
SELECT window_start::date AS day, sum(total_revenue) AS revenue, sum(order_count) AS orders, round(sum(total_revenue) / sum(order_count), 2) AS average FROM revenue_metrics GROUP BY day HAVING sum(order_count) > 0 ORDER BY day DESC LIMIT 31;

-- The best minutes.
SELECT window_start, total_revenue, order_count FROM revenue_metrics ORDER BY total_revenue DESC LIMIT 10;

-- Fraud alerts, the worst first.
SELECT user_id, alert_type, severity, window_start, window_end, details FROM fraud_alerts ORDER BY CASE severity WHEN 'CRITICAL' THEN 0 WHEN 'HIGH' THEN 1 ELSE 2 END, window_start DESC LIMIT 20;

-- Users who drew most alerts, and what they ordered.
SELECT f.user_id, count(DISTINCT (f.alert_type, f.window_start)) AS alerts, count(DISTINCT o.order_id) AS orders FROM fraud_alerts f LEFT JOIN orders o USING (user_id) GROUP BY f.user_id ORDER BY alerts DESC LIMIT 20;

-- The products most often left in a cart.
SELECT a.product_id, p.name, count(*) AS times, count(DISTINCT a.user_id) AS users FROM cart_abandonment a JOIN products p USING (product_id) GROUP BY a.product_id, p.name ORDER BY times DESC;

-- Carts left in the last day, to be reminded of.
SELECT user_id, array_agg(product_id ORDER BY product_id) AS products, max(item_added_time) AS latest FROM cart_abandonment WHERE detected_at > now() - interval '1 day' GROUP BY user_id ORDER BY latest DESC;

-- The ten fastest products of the latest hour.
SELECT dense_rank() OVER (ORDER BY units_sold DESC) AS rank, product_id, units_sold, revenue, window_start FROM inventory_velocity WHERE window_start = (SELECT max(window_start) FROM inventory_velocity) ORDER BY rank, product_id LIMIT 10;

-- How long the stock lasts at the pace of the latest hour.
SELECT p.product_id, p.name, p.stock, v.units_sold AS per_hour, round(p.stock / v.units_sold::numeric, 1) AS hours_left FROM products p JOIN inventory_velocity v ON v.product_id = p.product_id AND v.window_start = (SELECT max(window_start) FROM inventory_velocity) WHERE v.units_sold > 0 ORDER BY hours_left;

-- What flows: each topic's latest minute.
SELECT DISTINCT ON (topic) topic, window_start, value, status FROM operational_metrics WHERE metric_name = 'events_per_minute' ORDER BY topic, window_start DESC;

-- Minutes that were not healthy, of the last hour. No row is good.
SELECT window_start, topic, value, status FROM operational_metrics WHERE status <> 'HEALTHY' AND window_start > now() - interval '1 hour' ORDER BY window_start DESC, topic;

-- What came too late to count, by job and hour, of the last day. No row is good.
SELECT topic AS job, date_trunc('hour', window_start) AS hour, sum(value) AS late_events FROM operational_metrics WHERE metric_name = 'late_events' AND window_start > now() - interval '1 day' GROUP BY job, hour ORDER BY hour DESC, job;


-- # The database's health

-- Tables by size, with their live and dead rows.
SELECT schemaname, relname, pg_size_pretty(pg_total_relation_size(relid)) AS size, n_live_tup AS rows, n_dead_tup AS dead, last_autovacuum FROM pg_stat_user_tables ORDER BY pg_total_relation_size(relid) DESC LIMIT 30;

-- Who is connected: each service under its own name.
SELECT application_name, state, count(*) AS connections, max(now() - state_change) AS longest FROM pg_stat_activity WHERE datname = current_database() GROUP BY application_name, state ORDER BY connections DESC;

-- What runs longer than five seconds. No row is good.
SELECT pid, application_name, now() - query_start AS runs, wait_event_type, left(query, 120) AS query FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND query_start < now() - interval '5 seconds' AND pid <> pg_backend_pid();

-- Who waits for whom. No row is good.
SELECT waiting.pid, waiting.application_name, blocking.pid AS blocked_by, blocking.application_name AS blocker, left(waiting.query, 100) AS query FROM pg_stat_activity waiting JOIN pg_stat_activity blocking ON blocking.pid = ANY (pg_blocking_pids(waiting.pid));

-- Which replica leads which queue: its advisory locks. Without a service that runs there is none. No row is good only then.
SELECT a.application_name, l.classid, l.objid, l.granted FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' ORDER BY a.application_name;

-- How much of what is read comes from memory.
SELECT datname, round(100.0 * blks_hit / nullif(blks_hit + blks_read, 0), 1) AS cached_percent, xact_commit, xact_rollback, deadlocks, temp_files FROM pg_stat_database WHERE datname = current_database();

-- Indexes that nobody has used since the statistics began. No row is good.
SELECT schemaname, relname, indexrelname, pg_size_pretty(pg_relation_size(indexrelid)) AS size FROM pg_stat_user_indexes WHERE idx_scan = 0 AND schemaname LIKE '%\_service' ORDER BY pg_relation_size(indexrelid) DESC;

-- The migrations that each schema has had.
SELECT 'order' AS service, migration_id FROM order_service.__migrations UNION ALL SELECT 'payment', migration_id FROM payment_service.__migrations UNION ALL SELECT 'inventory', migration_id FROM inventory_service.__migrations UNION ALL SELECT 'notification', migration_id FROM notification_service.__migrations UNION ALL SELECT 'analytics', migration_id FROM analytics_service.__migrations ORDER BY 1, 2;

-- The size of the whole.
SELECT current_database() AS database, pg_size_pretty(pg_database_size(current_database())) AS size, version();
