DROP FUNCTION enable_faces();
DROP TABLE IF EXISTS faces;
DROP TABLE face_leftovers;
DROP TABLE erasures;
DROP TABLE person_requests;
DROP TABLE persons;
