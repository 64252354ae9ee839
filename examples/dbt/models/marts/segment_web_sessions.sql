-- The sessions under the column names of the model segment_web_sessions of dbt's package "segment".
-- README.md says which columns mean something else here, and which are NULL.
{%- set missing = ['utm_source', 'utm_content', 'utm_medium', 'utm_campaign', 'utm_term', 'gclid',
                   'referrer', 'referrer_host', 'referrer_medium', 'referrer_source',
                   'device', 'device_category'] %}
{%- set given = var('session_columns', {}) %}

with last_user as (

    -- whom the visitor was last known to be, also for the sessions before
    select distinct on (session_key) session_key::text as session_key, user_id
    from {{ source('star', 'dim_user') }}
    where user_id is not null
    order by session_key, valid_from desc

),

sessions as (

    select s.*, coalesce(u.user_id, s.session_key) as blended_user_id,
           floor(s.duration_seconds)::bigint as duration_in_s
    from {{ ref('stg_sessions') }} as s
    left join last_user as u on u.session_key = s.session_key

)

select
    session_id::text as session_id,
    session_key as anonymous_id,
    blended_user_id,
    row_number() over (partition by blended_user_id order by started_at, session_id) as session_number,
    started_at as session_start_tstamp,
    ended_at as session_end_tstamp,
    page_views,
    duration_in_s,
    case
        when duration_in_s < 10 then '0s to 9s'
        when duration_in_s < 30 then '10s to 29s'
        when duration_in_s < 60 then '30s to 59s'
        else '60s or more'
    end as duration_in_s_tier,
    {%- for name, page in [('first', 'entry_page'), ('last', 'exit_page')] %}
    {{ page }} as {{ name }}_page_url,
    substring({{ page }} from '^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)') as {{ name }}_page_url_host,
    regexp_replace({{ page }}, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*|[?#].*$', '', 'g') as {{ name }}_page_url_path,
    substring({{ page }} from '[?]([^#]*)') as {{ name }}_page_url_query,
    {%- endfor %}
    {%- for column in missing %}
    {{ adapter.quote(given[column]) ~ '::text' if column in given else 'null::text' }} as {{ column }}
    {{- ',' if not loop.last }}
    {%- endfor %}
from sessions
