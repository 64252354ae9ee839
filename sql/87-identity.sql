CREATE FUNCTION sessionize.user_hash(pipeline text, user_id text) RETURNS uuid
AS 'MODULE_PATHNAME', 'sessionize_user_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sessionize.user_hash IS 'the hash of a user id of a pipeline; the id of a person is the least hash of the person''s user ids';

CREATE FUNCTION sessionize.enable_identity(
	pipeline          text,
	max_users_per_key int DEFAULT 10,
	max_keys_per_user int DEFAULT 1000
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_enable_identity'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.enable_identity IS 'have a pipeline link session keys and user ids to persons: adds the tables person_key, person_user and person_link and the column person_id of the wide views; or change the limits';

CREATE FUNCTION sessionize.disable_identity(pipeline text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_disable_identity'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.disable_identity IS 'remove the persons of a pipeline, with the lists that link_users and exclude_identity have made';

CREATE FUNCTION sessionize.exclude_identity(pipeline text, user_id text) RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_exclude_identity'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.exclude_identity IS 'have a user id, such as a test account, link nothing; false if that was so already';

CREATE FUNCTION sessionize.include_identity(pipeline text, user_id text) RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_include_identity'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.include_identity IS 'take back what exclude_identity has done; false if there was nothing to take back';

CREATE FUNCTION sessionize.link_users(pipeline text, user_id text, other_id text) RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_link_users'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.link_users IS 'declare two user ids to be one person; false if that was declared already';

CREATE FUNCTION sessionize.unlink_users(pipeline text, user_id text, other_id text) RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_unlink_users'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.unlink_users IS 'take back what link_users has declared; false if there was nothing to take back';
