-- Whether a host may be deleted depends on everybody's machines, also on those that the caller may not see. The function
-- looks at all of them, for its own duration only, and tells no more than yes or no. (A function's own SET clause would say
-- so more briefly, but only a superuser may name a setting there that no extension declares.)

CREATE FUNCTION hosts_anything(host uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    callers text := current_setting('app.orgs', true);
    answer  boolean;
BEGIN
    PERFORM set_config('app.orgs', '*', true);
    SELECT EXISTS (SELECT FROM asset_states WHERE host_id = host AND upper_inf(known)) INTO answer;
    PERFORM set_config('app.orgs', coalesce(callers, ''), true);
    RETURN answer;
END $$;
