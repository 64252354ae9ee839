-- The sessions with the keys that dbt's tests and tools want: one text column for each.
select
    session_id,
    session_key::text as session_key,
    user_id,
    coalesce(user_id, session_key::text) as visitor_id,
    started_at,
    ended_at,
    date as started_on,
    extract(epoch from duration)::numeric as duration_seconds,
    events,
    page_views,
    distinct_pages,
    entry_page,
    exit_page,
    is_bounce,
    duplicates
    {%- for column in var('session_columns', {}).values() | unique %},
    {{ adapter.quote(column) }}
    {%- endfor %}
from {{ source('star', 'sessions') }}
