CREATE FUNCTION sessionize.erase_user(
	name text, key text,
	OUT raw_rows bigint, OUT events bigint, OUT sessions bigint, OUT users bigint, OUT quarantined bigint
)
AS 'MODULE_PATHNAME', 'sessionize_erase_user'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.erase_user(text, text) IS 'delete a session key''s raw rows and all that came from them; returns how many rows were deleted';

CREATE FUNCTION sessionize.erase_person(
	name text, user_id text,
	OUT raw_rows bigint, OUT events bigint, OUT sessions bigint, OUT users bigint, OUT quarantined bigint
)
AS 'MODULE_PATHNAME', 'sessionize_erase_person'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.erase_person(text, text) IS 'delete the raw rows of all session keys of the person that a user id belongs to and all that came from them; returns how many rows were deleted';
