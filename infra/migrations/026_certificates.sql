-- Whose a certificate is: whoever is shown one knows its id, which is random, and no tenant. It says
-- the tenant and nothing else, as its owner, who sees the rows of all. In plpgsql, because the view is
-- made later than this.
create function readings.tenant_of_certificate(certificate_ text) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select c.tenant from views.certificates c where c.certificate = certificate_ limit 1);
end $$;
revoke execute on function readings.tenant_of_certificate from public;
grant execute on function readings.tenant_of_certificate to registrar_query;
comment on function readings.tenant_of_certificate is
  'The tenant of a certificate, for the page that verifies one to everybody; null: there is none.';
