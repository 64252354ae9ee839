-- The versions of one session key follow each other without an overlap.
select session_key, valid_from
from (
    select session_key, valid_from,
           lag(valid_to) over (partition by session_key order by valid_from) as before
    from {{ source('star', 'dim_user') }}
    where user_key <> 0
) as version
where before > valid_from
