-- $1 the copy, $2 the one before. A row for each status and the status before that some number has; by status.
select status as "status!", previous_status, row_count as "row_count!" from compare_cpr_records($1, $2)
