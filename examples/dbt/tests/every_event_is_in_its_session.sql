-- Each session has as many events as it says.
select s.session_id
from {{ source('star', 'fact_session') }} as s
left join (
    select session_id, count(*) as events from {{ source('star', 'fact_event') }} group by session_id
) as e on e.session_id = s.session_id
where e.events is distinct from s.events
